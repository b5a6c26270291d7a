/** Sizes of the protocol. None is chosen: each follows from EIP-4844, EIP-7594 or 0G Storage (docs/encoding.md 1). */

/** Order of the scalar field of BLS12-381; a field element is 32 bytes big-endian and smaller than this. */
export const FIELD_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

export const ELEMENT_BYTES = 32;
/** The first byte of each element is 0, so every element is canonical whatever the payload. */
export const PAYLOAD_PER_ELEMENT = 31;
export const ELEMENTS_PER_ROW = 4096;
/** One EIP-4844 blob: the data half of a row. */
export const ROW_BYTES = ELEMENTS_PER_ROW * ELEMENT_BYTES; // 131,072
export const PAYLOAD_PER_ROW = ELEMENTS_PER_ROW * PAYLOAD_PER_ELEMENT; // 126,976

export const COLUMNS = 128;
/** Cells 0–63 are the data itself, 64–127 the redundancy; any 64 give the row back. */
export const DATA_COLUMNS = COLUMNS / 2;
export const ELEMENTS_PER_CELL = 64;
export const CELL_BYTES = ELEMENTS_PER_CELL * ELEMENT_BYTES; // 2,048
export const EXTENDED_ROW_BYTES = COLUMNS * CELL_BYTES; // 262,144

export const HASH_BYTES = 32;
export const SECTOR_BYTES = 256;
export const SEGMENT_BYTES = 262_144;
export const SECTORS_PER_SEGMENT = SEGMENT_BYTES / SECTOR_BYTES; // 1,024
export const SECTORS_PER_CELL = CELL_BYTES / SECTOR_BYTES; // 8
/** Levels of the sector tree at which a cell root and a segment root stand. */
export const CELL_LEVEL = 3;
export const SEGMENT_LEVEL = 10;
/** Siblings from a cell root to its segment root. */
export const CELL_PATH = SEGMENT_LEVEL - CELL_LEVEL; // 7

export const LENGTH_BYTES = 4;
export const MAX_ROWS_PER_BLOB = 256;
/** 0G's own limit, to the byte. */
export const MAX_BLOB_BYTES = MAX_ROWS_PER_BLOB * PAYLOAD_PER_ROW - LENGTH_BYTES; // 32,505,852

export const POINT_BYTES = 48;
export const PROOFS_BYTES = COLUMNS * POINT_BYTES; // 6,144
export const HEADER_BYTES = 256;
export const HEADER_VERSION = 1;
export const METADATA_VERSION = 1;

/** What a storage node sends for one row of a column: the cell, then its siblings up to the segment root. */
export const FRAME_ROW_BYTES = CELL_BYTES + CELL_PATH * HASH_BYTES; // 2,272

export const MAX_ROWS_PER_BATCH = 512;
export const MAX_BLOBS_PER_BATCH = 1024;
export const MAX_METADATA_BYTES = 1 << 20;
/** Rows a node takes in one request. */
export const MAX_ROWS_PER_UPLOAD = 16;
/** A row as it is uploaded: its data half, and the root of its redundancy half (protocol/upload.ts). */
export const UPLOAD_ROW_BYTES = ROW_BYTES + HASH_BYTES; // 131,104
export const SLOTS = 200;
