// Limits of the key-value layer. Those marked "0G" are its own wire limits; the others keep a node's memory flat, and
// are rules of the stream: they are judged from the log and the payload alone, so every node draws the same verdict.

/** Reads, writes or operations of one payload (0G). */
export const MAX_SET_SIZE = 65_536;
/** A key's length is written in three bytes and is not zero (0G). */
export const MAX_KEY_BYTES = 2 ** 24 - 1;
/** Bytes of a value that one query returns (0G). */
export const MAX_QUERY_BYTES = 262_144;
/** Bytes of all keys of one payload together: keys are held in memory while a payload is judged, values are not. */
export const MAX_KEYS_BYTES = 2 ** 25;
/** Bytes of one payload; an entry of a longer file is no transaction, known without its data. */
export const MAX_PAYLOAD_BYTES = 2 ** 30;
