import * as ts from 'typescript';
import serverSentences from '../serverSentences.json';
import { CATALOGUE, readJson } from './catalogue';

/** Separates the context of a text from the text, in gettext's catalogues. */
const IN = '\u0004';
/** Translates what {@link serverSentences} lists, which the linter is told. */
const DYNAMIC = 'serverSentences.ts';

interface IUse {
  key: string;
  isPlural: boolean;
}

/** The texts that a source file has translated; what is no literal is told in `unclear`. */
function usesIn(path: string, unclear: string[]): IUse[] {
  const source = ts.createSourceFile(
    path,
    ts.sys.readFile(path) ?? '',
    ts.ScriptTarget.Latest,
    true
  );
  const found: IUse[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isCallExpression(node) &&
      ts.isPropertyAccessExpression(node.expression) &&
      /^(__|_n|_p|_np)$/.test(node.expression.name.text)
    ) {
      const method = node.expression.name.text;
      const isPlural = method.includes('n');
      const count = 1 + Number(isPlural) + Number(method.includes('p'));
      const [text, ...others] = node.arguments
        .slice(0, count)
        .map(argument =>
          ts.isStringLiteralLike(argument) ? argument.text : null
        );
      if (text === null || others.includes(null)) {
        unclear.push(`${path}: ${node.getText(source)}`);
      } else {
        const key = method.includes('p') ? `${text}${IN}${others[0]}` : text;
        found.push({ key, isPlural });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What of a settings schema is shown to people. */
interface ISchema {
  title: string;
  description: string;
  properties: Record<string, { title?: string; description?: string }>;
  'jupyter.lab.setting-icon-label': string;
  'jupyter.lab.toolbars': Record<string, { label?: string }[]>;
}

/** The texts of a settings schema, as jupyterlab_server looks for them. */
function usesInSchema(path: string): IUse[] {
  const schema = readJson<ISchema>(path);
  const toolbars = Object.values(schema['jupyter.lab.toolbars']);
  const properties = Object.values(schema.properties);
  return [
    ...[schema.title, schema.description].map(text => ['schema', text]),
    ...properties
      .flatMap(({ title, description }) => [title, description])
      .filter(text => text)
      .map(text => ['settings', text]),
    ['settings', schema['jupyter.lab.setting-icon-label']],
    ...toolbars.flatMap(items =>
      items.filter(({ label }) => label).map(({ label }) => ['toolbar', label])
    )
  ].map(([context, text]) => ({
    key: `${context}${IN}${text}`,
    isPlural: false
  }));
}

function sources(): string[] {
  return ts.sys
    .readDirectory('src', ['.ts', '.tsx'])
    .filter(path => !path.includes('__tests__'));
}

function placeholders(text: string): string {
  return (text.match(/%\d/g) ?? []).sort().join(' ');
}

describe('The Simplified Chinese catalogue', () => {
  const unclear: string[] = [];
  const uses = [
    ...sources()
      .filter(path => !path.endsWith(DYNAMIC))
      .flatMap(path => usesIn(path, unclear)),
    ...usesInSchema('schema/plugin.json'),
    ...serverSentences.map(text => ({
      key: `server${IN}${text}`,
      isPlural: false
    }))
  ];
  const used = new Set(uses.map(({ key }) => key));

  it('is used with literals only', () => {
    expect(unclear).toEqual([]);
  });

  it('has every text', () => {
    const missing = Array.from(used).filter(key => !(key in CATALOGUE));
    expect(missing.map(key => `${JSON.stringify(key)}: [""]`)).toEqual([]);
  });

  it('has no text that nobody shows', () => {
    expect(Object.keys(CATALOGUE).filter(key => !used.has(key))).toEqual([]);
  });

  it('has a form for each number that JupyterLab asks for', () => {
    // Where there is a plural JupyterLab takes only entries of two forms, also for Chinese.
    const wrong = uses.filter(
      ({ key, isPlural }) =>
        key in CATALOGUE &&
        (CATALOGUE[key].length !== (isPlural ? 2 : 1) || !CATALOGUE[key][0])
    );
    expect(wrong).toEqual([]);
  });

  it('keeps the placeholders', () => {
    const wrong = Object.entries(CATALOGUE).filter(([key, [told]]) => {
      const [wanted, given] = [placeholders(key), placeholders(told)];
      // Of the server's sentences a word such as "has" may have no counterpart.
      return key.startsWith(`server${IN}`)
        ? given.split(' ').some(name => !wanted.includes(name))
        : wanted !== given;
    });
    expect(wrong).toEqual([]);
  });

  it('has Chinese punctuation', () => {
    const wrong = Object.values(CATALOGUE).filter(([told]) =>
      /\p{Script=Han}[,;:?!.()]|[,;:?!()]\p{Script=Han}/u.test(told)
    );
    expect(wrong).toEqual([]);
  });
});
