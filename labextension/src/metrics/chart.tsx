import React, { useEffect, useRef, useState } from 'react';
import type uPlot from 'uplot';
import { plotData, plotOptions, type IPlot, type IPlotTheme } from './plot';

/** Lines of a tooltip at most. */
const MOST_LINES = 10;

interface IReadout {
  left: number;
  /** Whether it stands to the left of the cursor, which is near the right edge. */
  isLeft: boolean;
  time: string;
  lines: { label: string; color: string; value: string }[];
  more: number;
}

/** Lines over time. Charts of one `group` share their cursor. */
export function Chart(props: {
  plot: IPlot;
  label: string;
  group: string;
}): JSX.Element {
  const { plot, label, group } = props;
  const node = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const current = useRef(plot);
  current.current = plot;
  const [readout, setReadout] = useState<IReadout | null>(null);
  const theme = useTheme();
  // What the lines are is a chart of its own; new points are only put into it.
  const shape = JSON.stringify([plot.unit, plot.lines, plotData(plot).length]);
  useEffect(() => {
    let isCurrent = true;
    const draw = async (): Promise<void> => {
      const { default: UPlot } = await import('uplot');
      if (!isCurrent || !node.current) {
        return;
      }
      chart.current = new UPlot(
        plotOptions(
          current.current,
          themeOf(node.current),
          node.current.clientWidth,
          group,
          drawn => setReadout(readoutOf(drawn, current.current))
        ),
        plotData(current.current),
        node.current
      );
    };
    void draw();
    return () => {
      isCurrent = false;
      chart.current?.destroy();
      chart.current = null;
    };
  }, [shape, theme, group]);
  useEffect(() => {
    chart.current?.setData(plotData(plot));
  }, [plot]);
  useEffect(() => {
    if (!node.current || typeof ResizeObserver === 'undefined') {
      return;
    }
    const observer = new ResizeObserver(([{ contentRect }]) => {
      if (chart.current && contentRect.width > 0) {
        const { height } = chart.current;
        chart.current.setSize({ width: contentRect.width, height });
      }
    });
    observer.observe(node.current);
    return () => observer.disconnect();
  }, []);
  return (
    <div className="jp-TrainHub-chart">
      <div ref={node} role="img" aria-label={label} />
      {readout && (
        <div
          className={`jp-TrainHub-readout${readout.isLeft ? ' jp-mod-left' : ''}`}
          style={{ left: readout.left }}
          aria-hidden
        >
          <div>{readout.time}</div>
          {readout.lines.map(line => (
            <div key={line.label}>
              <i style={{ background: line.color }} /> {line.label}:{' '}
              {line.value}
            </div>
          ))}
          {readout.more > 0 && <div>+{readout.more}</div>}
        </div>
      )}
    </div>
  );
}

/** What the lines are where the cursor is; null where it is not in a chart. */
function readoutOf(chart: uPlot, plot: IPlot): IReadout | null {
  const { idx, left } = chart.cursor;
  if (idx === null || idx === undefined || left === undefined || left < 0) {
    return null;
  }
  const lines = plot.lines
    .map(({ label, color, isShown }, at) => ({
      label,
      color,
      amount: isShown ? plot.data.columns[at][idx] : null
    }))
    .filter(({ amount }) => amount !== null && amount !== undefined)
    .sort((one, other) => other.amount! - one.amount!);
  return {
    left: chart.bbox.left / devicePixelRatio + left,
    isLeft: left > (chart.bbox.width / devicePixelRatio) * 0.6,
    time: plot.formatTime(plot.data.times[idx], 0),
    lines: lines.slice(0, MOST_LINES).map(({ label, color, amount }) => ({
      label,
      color,
      value: plot.format(amount!)
    })),
    more: Math.max(0, lines.length - MOST_LINES)
  };
}

function themeOf(node: HTMLElement): IPlotTheme {
  const style = getComputedStyle(node);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: value('--jp-ui-font-color2'),
    grid: value('--jp-border-color2'),
    warn: value('--jp-warn-color0'),
    font: `11px ${value('--jp-ui-font-family') || 'sans-serif'}`,
    resolve: color =>
      color.replace(/^var\((.*)\)$/, (_all, name: string) => value(name))
  };
}

/** The name of JupyterLab's theme, rendering again when it changes. */
function useTheme(): string {
  const name = (): string => document.body.dataset.jpThemeName ?? '';
  const [theme, setTheme] = useState(name);
  useEffect(() => {
    const observer = new MutationObserver(() => setTheme(name()));
    observer.observe(document.body, {
      attributes: true,
      attributeFilter: ['data-jp-theme-name']
    });
    return () => observer.disconnect();
  }, []);
  return theme;
}
