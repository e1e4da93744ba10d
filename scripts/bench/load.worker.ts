import { measureLags, type LagOrder } from './lag.ts';
import { runLoad, type LoadOrder } from './load.ts';

export type WorkerOrder = { readonly load: LoadOrder } | { readonly lag: LagOrder };

/** Child process of the bench: takes orders over IPC, one at a time, and answers each with its result. */
process.on('message', (order: WorkerOrder) => {
  const done = 'load' in order ? runLoad(order.load) : measureLags(order.lag);
  done.then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
