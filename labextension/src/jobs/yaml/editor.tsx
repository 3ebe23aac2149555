import type { CodeEditor, IEditorServices } from '@jupyterlab/codeeditor';
import React, { useEffect, useRef } from 'react';
import { useHub } from '../../context';

const MIME_TYPE = 'text/x-yaml';

/** A text that is read in JupyterLab's editor, as plain text where it has none. */
export function YamlEditor(props: {
  text: string;
  label: string;
}): JSX.Element {
  const { editors } = useHub();
  return editors ? (
    <Editor editors={editors} {...props} />
  ) : (
    <div className="jp-TrainHub-yamlText">
      <pre className="jp-TrainHub-spec" tabIndex={0} aria-label={props.label}>
        {props.text}
      </pre>
    </div>
  );
}

function Editor(props: {
  editors: IEditorServices;
  text: string;
  label: string;
}): JSX.Element {
  const { editors, text, label } = props;
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<CodeEditor.IEditor | null>(null);
  useEffect(() => {
    let isGone = false;
    void import('@jupyterlab/codeeditor').then(({ CodeEditor }) => {
      if (isGone || !host.current) {
        return;
      }
      const model = new CodeEditor.Model({ mimeType: MIME_TYPE });
      const made = editors.factoryService.newDocumentEditor({
        host: host.current,
        model,
        config: { readOnly: true, lineNumbers: true, codeFolding: true }
      });
      model.sharedModel.setSource(text);
      editor.current = made;
    });
    return () => {
      isGone = true;
      editor.current?.model.dispose();
      editor.current?.dispose();
      editor.current = null;
    };
    // The text is followed below.
  }, [editors]);
  useEffect(() => {
    // Where nothing has changed the reader stays at the same place.
    if (editor.current && editor.current.model.sharedModel.source !== text) {
      editor.current.model.sharedModel.setSource(text);
    }
  }, [text]);
  return (
    <div
      className="jp-TrainHub-yamlText"
      ref={host}
      role="group"
      aria-label={label}
    />
  );
}
