/**
 * Makes an element. Texts are always texts, whatever is in them.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [properties] attributes; `on…` are listeners; null leaves one out
 * @param {(Node | string | null | false | undefined)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, '');
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, String(value));
    }
  }
  element.append(
    .../** @type {(Node | string)[]} */ (
      children.filter(
        child => child !== null && child !== undefined && child !== false
      )
    )
  );
  return element;
}

/**
 * A button that shows while what it began is under way, and cannot be pressed twice.
 *
 * @param {string} label
 * @param {() => unknown} press
 * @param {Record<string, any>} [properties]
 */
export function button(label, press, properties = {}) {
  const element = make(
    'button',
    {
      type: 'button',
      class: 'trainhub-button',
      ...properties,
      onclick: async () => {
        element.disabled = true;
        element.setAttribute('aria-busy', 'true');
        try {
          await press();
        } finally {
          element.disabled = false;
          element.removeAttribute('aria-busy');
        }
      }
    },
    label
  );
  return element;
}

/**
 * A button for what cannot be undone: the first press asks, the second within seconds does it.
 *
 * @param {string} label
 * @param {string} question
 * @param {() => unknown} press
 */
export function askingButton(label, question, press) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let asking;
  const calm = () => {
    clearTimeout(asking);
    asking = undefined;
    element.textContent = label;
    element.removeAttribute('data-asking');
  };
  const element = button(label, async () => {
    if (asking === undefined) {
      element.textContent = question;
      element.setAttribute('data-asking', '');
      asking = setTimeout(calm, 5000);
      return;
    }
    calm();
    await press();
  });
  return element;
}

/**
 * Calls `look` now and again while the element is on the screen, and never twice at a time.
 *
 * @param {HTMLElement} element
 * @param {() => Promise<number>} look resolves to the milliseconds until the next; 0 ends it
 * @param {AbortSignal} signal ends it
 */
export function whileShown(element, look, signal) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const tick = async () => {
    timer = undefined;
    const pause =
      document.hidden || !element.isConnected || element.offsetParent === null
        ? 1000
        : await look();
    if (pause > 0 && !signal.aborted) {
      timer = setTimeout(tick, pause);
    }
  };
  signal.addEventListener('abort', () => clearTimeout(timer));
  timer = setTimeout(tick);
}

/** @param {number} bytes */
export function bytes(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(
    units.length - 1,
    bytes > 0 ? Math.floor(Math.log2(bytes) / 10) : 0
  );
  const amount = bytes / 1024 ** power;
  return `${amount < 10 && power ? amount.toFixed(1) : Math.round(amount)} ${units[power]}`;
}

/** @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    whole % 60
  ];
  return h ? `${h} h ${m} min` : m ? `${m} min ${s} s` : `${s} s`;
}
