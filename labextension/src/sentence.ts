const FULL_WIDTH_END = /[。！？]$/;
const END = /[.!?。！？]$/;
const CHINESE = /\p{Script=Han}/u;
/** The first letter of a word; no name of a file, a registry, a package. */
const INITIAL = /^[a-z](?=[a-z']*[.?!]?(\s|$))/;

/** `text` with a capital in front and a full stop behind, as the server's messages have neither. */
export function asSentence(text: string): string {
  const isChinese = CHINESE.test(text);
  const sentence = isChinese
    ? text
    : text.replace(INITIAL, initial => initial.toUpperCase());
  return END.test(sentence) ? sentence : sentence + (isChinese ? '。' : '.');
}

/** `text` as it is where it ends as a sentence does, for it may begin with a name; else made one. */
export function asFullSentence(text: string): string {
  return END.test(text) ? text : asSentence(text);
}

/** Sentences one behind the other. Full-width marks bring their own space; what is empty is none. */
export function joinSentences(
  texts: readonly (string | null | undefined)[]
): string {
  return texts
    .filter((text): text is string => !!text)
    .reduce(
      (told, sentence) =>
        told === '' || FULL_WIDTH_END.test(told)
          ? told + sentence
          : `${told} ${sentence}`,
      ''
    );
}
