// Loaded before a test file in the sandbox: resolves `vitest` to the replacement, which alone imports the real one.
import { registerHooks } from 'node:module';

const ours = new URL('./vitest.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'vitest' && context.parentURL?.split('?')[0] !== ours
      ? { url: ours, shortCircuit: true }
      : next(specifier, context),
});
