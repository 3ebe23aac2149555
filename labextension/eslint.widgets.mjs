import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import globals from 'globals';

/** For the JavaScript that the widgets in cell outputs send; run from the root of the repository. */
export default defineConfig([
  js.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      curly: ['error', 'all'],
      eqeqeq: 'error',
      'no-console': 'error',
      'prefer-arrow-callback': 'error',
      'prefer-const': 'error'
    }
  }
]);
