import type { CodeEditor } from '@jupyterlab/codeeditor';
import type { CommandRegistry } from '@lumino/commands';

/** A text file in an editor, as the plugin of editors makes it. */
interface ITextFile {
  context: { ready: Promise<void> };
  content: { editor: CodeEditor.IEditor };
}

/**
 * Opens a text file in an editor, and selects a line of the part that begins with `source`.
 *
 * @param line - from 1, of that part; its first if null
 */
export async function revealLine(
  commands: CommandRegistry,
  path: string,
  source: string | null,
  line: number | null
): Promise<void> {
  const file: ITextFile | undefined = await commands.execute(
    'docmanager:open',
    { path, factory: 'Editor' }
  );
  if (!file) {
    return;
  }
  await file.context.ready;
  const { editor } = file.content;
  const text = editor.model.sharedModel.source;
  const at = (firstLineOf(text, source) ?? 0) + (line ?? 1) - 1;
  const start = { line: at, column: 0 };
  const end = { line: at, column: editor.getLine(at)?.length ?? 0 };
  editor.setSelection({ start, end });
  editor.revealSelection({ start, end });
  editor.focus();
}

/** The line, from 0, at which `part` begins in `text`; null where it does not occur. */
export function firstLineOf(text: string, part: string | null): number | null {
  const at = part ? text.indexOf(part) : -1;
  return at < 0 ? null : text.slice(0, at).split('\n').length - 1;
}
