import manifest from '../../package.json' with { type: 'json' }

/** Version of the program, as every surface tells those who ask. */
export const NODE_VERSION: string = manifest.version
