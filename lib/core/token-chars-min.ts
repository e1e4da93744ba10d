/** What the token of MI over HTTP has at least, wherever it is set; below it a token can be guessed. */
export const TOKEN_CHARS_MIN = 16;
