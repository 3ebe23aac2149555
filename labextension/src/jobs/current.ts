import type { JupyterFrontEnd } from '@jupyterlab/application';

/** The job whose page is in front; null when that is another tab. */
export function currentJob(shell: JupyterFrontEnd.IShell): string | null {
  return (
    shell.currentWidget?.node.querySelector<HTMLElement>('[data-trainhub-job]')
      ?.dataset.trainhubJob ?? null
  );
}
