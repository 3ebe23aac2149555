import type { TranslationBundle } from '@jupyterlab/translation';
import { formatBytes, formatCount } from '../quantity';
import type { Metric, Unit } from './views';

export const UNITS: Record<Metric, Unit> = {
  cpu: 'cores',
  memory: 'bytes',
  gpu: 'percent',
  gpu_memory: 'bytes',
  network_receive: 'bytes/s',
  network_transmit: 'bytes/s',
  disk_read: 'bytes/s',
  disk_write: 'bytes/s',
  disk: 'bytes'
};

/** What a metric is called. */
export function metricTitle(metric: Metric, trans: TranslationBundle): string {
  return {
    cpu: trans.__('CPU'),
    memory: trans.__('Memory'),
    gpu: trans.__('GPU use'),
    gpu_memory: trans.__('GPU memory'),
    network_receive: trans.__('Network, received'),
    network_transmit: trans.__('Network, sent'),
    disk_read: trans.__('Disk, read'),
    disk_write: trans.__('Disk, written'),
    disk: trans.__('Disk space of the pod')
  }[metric];
}

/** An amount with its unit. */
export function formatAmount(
  value: number,
  unit: Unit,
  trans: TranslationBundle
): string {
  switch (unit) {
    case 'cores':
      return trans._n('%2 core', '%2 cores', value, formatCount(value));
    case 'bytes':
      return formatBytes(value);
    case 'bytes/s':
      return trans.__('%1/s', formatBytes(value));
    case 'percent':
      return trans.__('%1%', Math.round(value));
  }
}

/** A time on an axis that is `span` seconds long. */
export function formatTime(seconds: number, span: number): string {
  const time = new Date(seconds * 1000);
  const clock: Intl.DateTimeFormatOptions = {
    hour: '2-digit',
    minute: '2-digit'
  };
  return span > 86_400
    ? time.toLocaleString([], { month: 'short', day: 'numeric', ...clock })
    : time.toLocaleTimeString(
        [],
        span < 300 ? { ...clock, second: '2-digit' } : clock
      );
}
