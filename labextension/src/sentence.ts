const FULL_WIDTH_END = /[。！？]$/;
const END = /[.!?。！？]$/;

/** `text` with a capital in front and a full stop behind, as the server's messages have neither. */
export function asSentence(text: string): string {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  if (END.test(sentence)) {
    return sentence;
  }
  return sentence + (/\p{Script=Han}/u.test(sentence) ? '。' : '.');
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
