/** An answer that is no MI reply: a status and, for people, one sentence. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}
