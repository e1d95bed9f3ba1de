/** Bytes before a message's content: type, then a length that counts itself. */
export const MESSAGE_HEADER = 5;

/**
 * Cuts the bytes that a server sends into messages, where they lie in the socket's chunks. A message that did not come
 * whole is put together in room for all of it, so that a value of 100 MB is there once and not twice.
 *
 * @see https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-MESSAGE-CONCEPTS
 */
export class FrameReader {
  private partial: { readonly whole: Buffer; filled: number } | undefined;
  /** The beginning of a message whose length is not known yet: under five bytes. */
  private head: Buffer | undefined;

  /**
   * @param take called with each whole message, type and length included; false: none after it
   * @returns the bytes behind the message at which `take` stopped; undefined where it took all there was
   */
  read(chunk: Buffer, take: (bytes: Buffer, start: number, end: number) => boolean): Buffer | undefined {
    let bytes = chunk;
    if (this.head !== undefined) {
      bytes = Buffer.concat([this.head, chunk]);
      this.head = undefined;
    }
    let at = 0;
    if (this.partial !== undefined) {
      const { partial } = this;
      at = bytes.copy(partial.whole, partial.filled);
      partial.filled += at;
      if (partial.filled < partial.whole.length) return undefined;
      this.partial = undefined;
      if (!take(partial.whole, 0, partial.whole.length)) return bytes.subarray(at);
    }
    while (at < bytes.length) {
      const left = bytes.length - at;
      if (left < MESSAGE_HEADER) {
        this.head = Buffer.from(bytes.subarray(at));
        return undefined;
      }
      const length = bytes.readUInt32BE(at + 1) + 1;
      if (left < length) {
        this.partial = { whole: Buffer.allocUnsafe(length), filled: left };
        bytes.copy(this.partial.whole, 0, at);
        return undefined;
      }
      const end = at + length;
      if (!take(bytes, at, end)) return bytes.subarray(end);
      at = end;
    }
    return undefined;
  }
}
