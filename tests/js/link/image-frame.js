/**
 * What the kernel reads of a binary frame with a picture, as docs/protocol.md has it.
 *
 * @param {ArrayBuffer} bytes
 * @returns {{source: string, seq: number, clock: number, jpeg: Uint8Array}}
 */
export function decodeImage(bytes) {
  const header = new DataView(bytes);
  if (header.getUint8(0) !== 3) throw new Error(`a frame of kind ${header.getUint8(0)} is no image`);
  const source = ["camera", "screen"][header.getUint8(1)];
  return { source, seq: header.getUint32(4, true), clock: header.getFloat64(16, true), jpeg: new Uint8Array(bytes, 24) };
}
