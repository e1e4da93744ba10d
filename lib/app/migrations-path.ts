import { fileURLToPath } from 'node:url';

/** The folder `sql/` of this installation. */
export const MIGRATIONS_PATH = fileURLToPath(new URL('../../sql', import.meta.url));
