import { runLoad, type LoadOrder } from './load.ts';

/** Child process of the bench: takes orders over IPC, one at a time, and answers each with its result. */
process.on('message', (order: LoadOrder) => {
  runLoad(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
