import { Clipboard } from '@jupyterlab/apputils';
import React, { useEffect, useState } from 'react';
import { useHub } from './context';

/** Milliseconds for which a button says that it has copied. */
const COPIED_SHOWN = 3_000;

/** A text to paste elsewhere, with a button that copies it. */
export function Copyable(props: {
  /** What the text is: shown above it, and part of the button's accessible name. */
  label: string;
  text: string;
  /** Whether the label is not shown, since something beside it is the same. */
  isInline?: boolean;
}): JSX.Element {
  const { trans } = useHub();
  const { label, text, isInline } = props;
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) {
      return;
    }
    const timer = window.setTimeout(() => setIsCopied(false), COPIED_SHOWN);
    return () => window.clearTimeout(timer);
  }, [isCopied]);
  return (
    <figure className="jp-TrainHub-copyable">
      {!isInline && <figcaption>{label}</figcaption>}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <button
        className="jp-TrainHub-addButton"
        aria-label={trans.__('Copy: %1', label)}
        onClick={() => {
          Clipboard.copyToSystem(text);
          setIsCopied(true);
        }}
      >
        {isCopied ? trans.__('Copied') : trans.__('Copy')}
      </button>
      <span className="jp-TrainHub-hidden" role="status">
        {isCopied && trans.__('Copied')}
      </span>
    </figure>
  );
}
