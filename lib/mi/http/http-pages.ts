/** The pages beside MI on the same port: `/metrics`, `/health`, `/ready`. */
export interface HttpPages {
  /** Undefined: there is no such page. */
  page(path: string): Promise<HttpPage> | undefined;
}

export interface HttpPage {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}
