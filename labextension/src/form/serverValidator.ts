import type { ValidationData, ValidatorType } from '@rjsf/utils';
import type { Spec } from '../views';

/**
 * Leaves the judgement to the server, which knows more than a schema says and explains itself
 * better; its errors are given to the form from outside. The specs have no alternatives among
 * which a form would have to choose by validating.
 */
export const serverValidator: ValidatorType<Spec> = {
  validateFormData: (): ValidationData<Spec> => ({
    errors: [],
    errorSchema: {}
  }),
  toErrorList: () => [],
  isValid: () => true,
  rawValidation: () => ({ errors: [] })
};
