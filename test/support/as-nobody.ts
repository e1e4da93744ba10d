const ROOT = 0;
const NOBODY = 65_534;

/** What root may read and write, somebody else may not: only root can become somebody else for a moment. */
export const asNobody = {
  skip: process.getuid?.() === ROOT ? false : 'only root can be another user for a moment',

  /** Runs `work` with the rights of a user to whom nothing belongs; nothing else may go on meanwhile. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    process.seteuid?.(NOBODY);
    try {
      return await work();
    } finally {
      process.seteuid?.(ROOT);
    }
  },
};
