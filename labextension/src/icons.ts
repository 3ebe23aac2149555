import { LabIcon } from '@jupyterlab/ui-components';

/*
 * The icons are drawn on JupyterLab's grid and coloured by its classes, so that they follow the
 * theme.
 */

/** TrainHub: three linked nodes. */
export const trainhubIcon = new LabIcon({
  name: 'trainhub:logo',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <circle cx="12" cy="5.5" r="3.5"/>
    <circle cx="5.5" cy="17.5" r="3.5"/>
    <circle cx="18.5" cy="17.5" r="3.5"/>
    <path d="M11 8h2v4.4l4.2 2.4-1 1.8L12 14.1l-4.2 2.5-1-1.8 4.2-2.4z"/>
  </g>
</svg>`
});

/** A dev instance: a screen with a prompt. */
export const instanceIcon = new LabIcon({
  name: 'trainhub:instance',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M3 4h18a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1h-6v2h2v2H7v-2h2v-2H3a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zm1 2v10h16V6zm2.7 2.3 3.2 2.7-3.2 2.7-1.2-1.4L7.2 11 5.5 9.7zM11 12.5h5v1.7h-5z"/>
</svg>`
});

/** A job: work sent to several places. */
export const jobIcon = new LabIcon({
  name: 'trainhub:job',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M2 11h6.6l5.7-5.7V3H21v6.7h-6.7V8.1L10.4 12l3.9 3.9v-1.6H21V21h-6.7v-2.3L8.6 13H2zm14.3-6v2.7H19V5zm0 11.3V19H19v-2.7z"/>
</svg>`
});

/** An image: layers one above the other. */
export const imageIcon = new LabIcon({
  name: 'trainhub:image',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M12 2.5 22 8l-10 5.5L2 8zm0 2.3L6.2 8l5.8 3.2L17.8 8zM2 12l2.1-1.2L12 15.2l7.9-4.4L22 12l-10 5.5zm0 4 2.1-1.2L12 19.2l7.9-4.4L22 16l-10 5.5z"/>
</svg>`
});

/** A volume: a drum. */
export const volumeIcon = new LabIcon({
  name: 'trainhub:volume',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M12 3c4.4 0 8 1.6 8 3.5v11c0 1.9-3.6 3.5-8 3.5s-8-1.6-8-3.5v-11C4 4.6 7.6 3 12 3zm0 2C8.5 5 6 6 6 6.5S8.5 8 12 8s6-1 6-1.5S15.5 5 12 5zM6 9v3c0 .5 2.5 1.5 6 1.5s6-1 6-1.5V9c-1.5.7-3.6 1-6 1s-4.5-.3-6-1zm0 5.5v3c0 .5 2.5 1.5 6 1.5s6-1 6-1.5v-3c-1.5.7-3.6 1-6 1s-4.5-.3-6-1z"/>
</svg>`
});

/** The record of a run: a page with lines. */
export const runIcon = new LabIcon({
  name: 'trainhub:run',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M5 3h14v18H5zm2 2v14h10V5zm2 3h6v2H9zm0 4h6v2H9z"/>
</svg>`
});

/** A TensorBoard: a falling curve. */
export const tensorboardIcon = new LabIcon({
  name: 'trainhub:tensorboard',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M3 3h2v16h16v2H3zm4.3 2.6 1.8-.8c1.9 4.3 3 6.5 4.4 7.9 1.4 1.3 3.2 2 7.1 2.6l-.3 2c-4.1-.6-6.4-1.5-8.2-3.2-1.7-1.6-2.9-4.1-4.8-8.5z"/>
</svg>`
});

/** What stays at the top: a drawing pin. */
export const pinIcon = new LabIcon({
  name: 'trainhub:pin',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M7 3h10v2h-1.4l.7 6.4A5 5 0 0 1 19 15v1h-6v4.5l-1 1.5-1-1.5V16H5v-1a5 5 0 0 1 2.7-3.6L8.4 5H7z"/>
</svg>`
});
