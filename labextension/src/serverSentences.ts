import type { TranslationBundle } from '@jupyterlab/translation';
import { asSentence, joinSentences } from './sentence';
import patterns from './serverSentences.json';

/** The context of the server's sentences in the catalogues. */
const CONTEXT = 'server';

const PLACEHOLDER = /%\d/;
/** Where one sentence ends and the next begins. */
const BETWEEN_SENTENCES = /(?<=[.?!]) (?=[A-Z\d])/;
/** The same in a pattern, of which a sentence may be a placeholder. */
const BETWEEN_PATTERNS = /[.?!] (?=[A-Z\d%])/;
/** A pattern that ends with a cause. */
const OPEN = /^[^%].*%\d$/s;
/** What went wrong with a registry, after its address: `host:5000/path: there is no room`. */
const AT_REGISTRY = /^(\S+[:/]\S+): (.+)$/s;

/** How lists are joined by the server, and how they are here. */
const SEPARATORS: readonly (readonly [string, string])[] = [
  ['; ', '；'],
  [', ', '、'],
  [' and ', '、'],
  [' or ', '、']
];

/** Fields of answers that hold words for people. */
const TOLD = new Set([
  'message',
  'remedy',
  'why',
  'detail',
  'reasons',
  'warning',
  'warnings',
  'notes',
  'remark',
  'problem',
  'not_saved.title',
  'secrets.kind',
  'skipped.reason',
  'left_out_files.reason',
  'missing.what',
  'missing.why',
  'missing.remedy',
  'folders.title',
  'folders.source',
  'hints.title',
  'hints.remedy',
  'putty.value',
  'direct.note'
]);
/** Fields that hold several notes, with `; ` between them. */
const NOTES = new Set(['cells.reason']);
/** Parts of answers of which other fields are told, too. */
const PARTS = new Set([
  'folders',
  'hints',
  'putty',
  'direct',
  'not_saved',
  'secrets',
  'skipped',
  'cells',
  'left_out_files',
  'missing'
]);
/** Fields that hold what users wrote, and what their programs said. */
const AS_IT_IS = new Set(['spec', 'values', 'env', 'error']);

/** More different sentences than a page shows. */
const MOST_REMEMBERED = 2000;

/**
 * Characters of the longest text that is translated: the server's own are shorter, but a program
 * may end with any message, and to take a long one apart can take for ever.
 */
const LONGEST = 800;

interface IRule {
  /** Whether it takes several sentences. */
  isOpen: boolean;
  matches: RegExp;
  translate: (words: string[]) => string;
}

/**
 * Says the server's English sentences in the user's language. They are recognised by patterns
 * (`There is no image %1.`), of which the catalogue has translations; what is not recognised stays
 * as it is.
 */
export class ServerSentences {
  constructor(trans: TranslationBundle) {
    const translate = (text: string, words: readonly string[]): string =>
      // eslint-disable-next-line jupyter/no-dynamic-translation -- the list holds the literals
      trans._p(CONTEXT, text, ...words);
    const names = ['%1', '%2', '%3', '%4', '%5', '%6'];
    this._rules = patterns
      // A catalogue without the text answers it with `%` for `%%`.
      .filter(text => translate(text, names) !== text.replace(/%%/g, '%'))
      .sort((a, b) => literal(b).length - literal(a).length)
      .map(text => ({
        isOpen: OPEN.test(text) || BETWEEN_PATTERNS.test(text),
        matches: matcher(text),
        translate: words => translate(text, words)
      }));
  }

  /** `text` in the user's language, sentence by sentence. */
  translate(text: string): string {
    if (this._rules.length === 0 || text.length > LONGEST) {
      return text;
    }
    let told = this._told.get(text);
    if (told === undefined) {
      if (this._told.size >= MOST_REMEMBERED) {
        this._told.clear();
      }
      told = this._sentences(text) ?? text;
      this._told.set(text, told);
    }
    return told;
  }

  /** The words for people in an answer of the server, at any depth, in the user's language. */
  localize<T>(answer: T): T {
    return this._rules.length === 0 ? answer : (this._value('', answer) as T);
  }

  private _value(key: string, value: unknown): unknown {
    if (typeof value === 'string') {
      return TOLD.has(key)
        ? this.translate(value)
        : NOTES.has(key)
          ? value
              .split('; ')
              .map(note => this.translate(note))
              .join('；')
          : value;
    }
    if (Array.isArray(value)) {
      return value.map(item => this._value(key, item));
    }
    if (
      value === null ||
      typeof value !== 'object' ||
      AS_IT_IS.has(key) ||
      isException(value)
    ) {
      return value;
    }
    const above = PARTS.has(key) ? `${key}.` : '';
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        name,
        this._value(above + name, item)
      ])
    );
  }

  /** `text`, each sentence that is recognised in the user's language; null when none is. */
  private _sentences(text: string): string | null {
    const [first, ...others] = text.split(BETWEEN_SENTENCES);
    if (others.length === 0) {
      return this._sentence(text);
    }
    const rest = others.join(' ');
    const [told, toldRest] = [this._sentence(first), this._sentences(rest)];
    if (told !== null && toldRest !== null) {
      return joinSentences([told, toldRest]);
    }
    // A sentence may end with a cause that goes on to the end, in sentences of its own.
    const whole = this._sentence(text, true);
    return whole !== null || (told === null && toldRest === null)
      ? whole
      : joinSentences([told ?? first, toldRest ?? rest]);
  }

  private _sentence(text: string, open = false): string | null {
    const [, address, failure] = AT_REGISTRY.exec(text) ?? [];
    const said = address && this._sentence(failure, open);
    if (said) {
      return `${address}：${said}`;
    }
    for (const { isOpen, matches, translate } of this._rules) {
      const found = open && !isOpen ? null : matches.exec(text);
      if (found) {
        const told = translate(found.slice(1).map(words => this._words(words)));
        return endAs(text, told);
      }
    }
    return null;
  }

  /** What stands for a placeholder: a list of words, a sentence, a name. */
  private _words(text: string): string {
    const words = text.trim();
    if (!words.includes(' ')) {
      return words;
    }
    const lists = SEPARATORS.map(([between, mark]) => {
      const parts = words.split(between);
      const said = parts.map(part => this._sentence(part));
      const isKnown = (part: string, at: number): boolean =>
        said[at] !== null || !part.includes(' ');
      return {
        told: parts.map((part, at) => said[at] ?? part).join(mark),
        isList: parts.length > 1 && parts.every(isKnown)
      };
    });
    return (
      lists.find(({ isList }) => isList)?.told ??
      this._sentences(words)?.replace(/。$/, '') ??
      words
    );
  }

  private readonly _rules: IRule[];
  private readonly _told = new Map<string, string>();
}

/**
 * Whether it is about an exception, whose message is the program's own. Where Kubernetes ended the
 * program (`OOMKilled`), its reason stands in for the exception.
 */
function isException(value: { etype?: unknown; reason?: unknown }): boolean {
  return typeof value.etype === 'string' && value.etype !== value.reason;
}

function literal(pattern: string): string {
  return pattern.split(PLACEHOLDER).join('');
}

/** Matches a sentence with or without its capital and full stop, as both occur. */
function matcher(pattern: string): RegExp {
  const [first, ...rest] = pattern.replace(/\.$/, '').split(PLACEHOLDER);
  const [initial, ...others] = first;
  const start = initial
    ? `[${escape(initial.toLowerCase())}${escape(initial.toUpperCase())}]`
    : '';
  const parts = [start + escape(others.join('')), ...rest.map(escape)];
  return new RegExp(`^${parts.join('(.*?)')}\\.?$`, 's');
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** `told` with a full stop behind where the sentence `text` has one, and without where not. */
function endAs(text: string, told: string): string {
  const bare = told.replace(/。$/, '');
  return text.endsWith('.') ? asSentence(bare) : bare;
}
