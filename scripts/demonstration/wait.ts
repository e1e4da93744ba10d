const LOOK_EVERY_MS = 50;

/** By then what is waited for will not come any more, also on a machine that does other things. */
const GIVE_UP_MS = 60_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves when it is so. @param what for who reads that it never was: `both nodes are in sync` */
export async function waitUntil(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + GIVE_UP_MS;
  while (!(await isSo())) {
    if (performance.now() > untilMs)
      throw new Error(`in ${String(GIVE_UP_MS / 1000)} s it did not come to this: ${what}`);
    await pause(LOOK_EVERY_MS);
  }
}

/** Resolves as the other one does; rejects when that takes too long. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`in ${String(ms / 1000)} s it did not come to this: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One time for all processes of this machine, in milliseconds. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
