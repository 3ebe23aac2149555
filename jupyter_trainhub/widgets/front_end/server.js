/**
 * The Jupyter server that the page comes from, asked as the page itself asks it: with its cookies,
 * its token against forged requests and, where it has no cookie, its token. A kernel that is busy
 * does not hinder it.
 */

/** A request that was refused, or found no TrainHub. */
export class Refusal extends Error {
  /**
   * @param {string} message
   * @param {string} reason empty where the answer is not TrainHub's
   */
  constructor(message, reason) {
    super(message);
    this.reason = reason;
  }

  /** Whether TrainHub itself answered, so that another way would end the same. */
  get isAnswer() {
    return this.reason !== '';
  }
}

/** @returns {Record<string, string>} what Jupyter's pages say of their server */
function pageConfig() {
  try {
    const node = document.getElementById('jupyter-config-data');
    return JSON.parse(node?.textContent ?? '{}');
  } catch {
    return {};
  }
}

/** The path below which the server is, with slashes around it; null in pages of others. */
export function baseUrl() {
  return pageConfig().baseUrl ?? document.body.dataset.baseUrl ?? null;
}

/**
 * @param {string} path below TrainHub's REST interface
 * @returns {string | null}
 */
export function address(path) {
  const base = baseUrl();
  return base === null ? null : `${base}trainhub/api/${path}`;
}

/**
 * Asks TrainHub. Rejects with {@link Refusal}.
 *
 * @param {string} method
 * @param {string} path below TrainHub's REST interface
 * @param {object} [body]
 * @returns {Promise<Response>}
 */
export async function ask(method, path, body) {
  const url = address(path);
  if (url === null) {
    throw new Refusal('This page has no Jupyter server.', '');
  }
  const { token } = pageConfig();
  const xsrf = /\b_xsrf=([^;]*)/.exec(document.cookie);
  /** @type {Record<string, string>} */
  const headers = {};
  if (token) {
    headers.Authorization = `token ${token}`;
  }
  if (xsrf) {
    headers['X-XSRFToken'] = xsrf[1];
  }
  let response;
  try {
    response = await fetch(url, {
      method,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      body: body && JSON.stringify(body)
    });
  } catch (error) {
    throw new Refusal(String(error), '');
  }
  if (!response.ok) {
    throw await refusal(response);
  }
  return response;
}

/**
 * @param {Response} response
 * @returns {Promise<Refusal>}
 */
async function refusal(response) {
  try {
    const { message, reason, details } = await response.json();
    const remedy = details?.remedy;
    const text = /[.!?]$/.test(message) ? message : `${message}.`;
    return new Refusal(remedy ? `${text} ${remedy}` : text, reason ?? '');
  } catch {
    return new Refusal(`HTTP ${response.status}`, '');
  }
}

/** @param {string} name one part of a path */
export function part(name) {
  return encodeURIComponent(name);
}
