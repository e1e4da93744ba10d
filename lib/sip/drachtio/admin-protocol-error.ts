/** drachtio-server sent what is no frame of its protocol; the connection that it came on is closed. */
export class AdminProtocolError extends Error {
  override readonly name = 'AdminProtocolError';
  readonly code: 'bad-length' | 'frame-too-long';

  constructor(code: AdminProtocolError['code']) {
    super(code === 'bad-length' ? 'a frame begins with no length' : 'a frame is too long');
    this.code = code;
  }
}
