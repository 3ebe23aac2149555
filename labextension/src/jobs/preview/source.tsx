import React, { useEffect, useRef } from 'react';
import { useHub } from '../../context';

/** How far from what is seen, as a margin in CSS, sources are coloured. */
const AHEAD = '600px';

/** A source that is read, in the colours of JupyterLab's editors once it comes into sight. */
export function SourceText(props: {
  text: string;
  label: string;
  /** The name of a file in this language. */
  file: string;
}): JSX.Element {
  const { languages } = useHub();
  const { text, label, file } = props;
  const host = useRef<HTMLElement>(null);
  useEffect(() => {
    const code = host.current;
    if (!code) {
      return;
    }
    code.textContent = text;
    const language = languages?.findByFileName(file);
    if (!languages || !language) {
      return;
    }
    let isGone = false;
    const observer = new IntersectionObserver(
      async ([{ isIntersecting }]) => {
        if (isIntersecting) {
          observer.disconnect();
          const coloured = document.createElement('code');
          await languages.highlight(text, language, coloured);
          if (!isGone) {
            code.replaceChildren(...coloured.childNodes);
          }
        }
      },
      { rootMargin: AHEAD }
    );
    observer.observe(code);
    return () => {
      isGone = true;
      observer.disconnect();
    };
  }, [languages, text, file]);
  return (
    <pre className="jp-TrainHub-cellSource" tabIndex={0} aria-label={label}>
      <code ref={host} />
    </pre>
  );
}
