import type { TranslationBundle } from '@jupyterlab/translation';
import type { IImage } from '../images/views';
import { imageAge, imageFacts } from '../images/words';

/** An image that can be picked. */
export interface IImageChoice {
  const: string;
  title: string;
  description?: string;
}

/**
 * The images that the site offers, as its schema lists them, and those that were saved. More is
 * known of the latter than their description in the schema tells.
 */
export function imageChoices(
  offered: readonly IImageChoice[],
  known: readonly IImage[],
  user: string | null,
  trans: TranslationBundle
): IImageChoice[] {
  const byName = new Map(known.map(image => [image.name, image]));
  const listed = new Set(offered.map(choice => choice.const));
  const now = Date.now();
  const facts = (image: IImage): string =>
    [...imageFacts(image, user, trans), imageAge(image.created, now, trans)]
      .filter(fact => fact)
      .join(' · ');
  const saved = known
    .filter(({ name }) => !listed.has(name))
    .sort((a, b) => (b.created ?? '').localeCompare(a.created ?? ''));
  return [
    ...offered.map(choice => {
      const image = byName.get(choice.const);
      const own = image?.source === 'saved' ? null : choice.description;
      const description = [own, image && facts(image)]
        .filter(text => text)
        .join(' · ');
      return { ...choice, description };
    }),
    ...saved.map(image => ({
      const: image.name,
      title: image.title,
      description: facts(image)
    }))
  ];
}
