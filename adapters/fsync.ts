import { constants, open } from "node:fs/promises";

/** Makes the names in a folder durable: a renamed or created file survives a power cut only after this. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
