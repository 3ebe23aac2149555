import React, { useEffect, useRef, useState } from 'react';
import { useHub } from '../context';
import type { IObjectChange } from '../events';
import { transferTitle } from '../images/words';
import { phaseWord } from '../phase';
import { titleOf } from '../views';

/** Tells screen readers when an object comes into another phase. */
export function Announcer(): JSX.Element {
  const { store, trans } = useHub();
  const [text, setText] = useState('');
  const phases = useRef(new Map<string, string>());
  useEffect(() => {
    const onChange = (_: unknown, { kind, key, object }: IObjectChange) => {
      const id = `${kind}/${key}`;
      const before = phases.current.get(id);
      if (!object) {
        phases.current.delete(id);
        return;
      }
      phases.current.set(id, object.phase);
      if (before !== undefined && before !== object.phase) {
        const title =
          object.kind === 'transfer'
            ? transferTitle(object, trans)
            : titleOf(object);
        setText(trans.__('%1: %2', title, phaseWord(object.phase, trans)));
      }
    };
    store.objectChanged.connect(onChange);
    return () => {
      store.objectChanged.disconnect(onChange);
    };
  }, [store, trans]);
  return (
    <div className="jp-TrainHub-hidden" aria-live="polite" role="status">
      {text}
    </div>
  );
}
