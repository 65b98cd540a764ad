import { createRestServer, type RestServer, type RestServerOptions } from '../src/http/rest-server.ts'
import { FakePredictor } from './fake-predictor.ts'

export interface RestFixture extends AsyncDisposable {
  readonly server: RestServer
  readonly predictor: FakePredictor
  readonly port: number
  readonly url: string
}

/** A listening server over the fake data plane. */
export async function startRest(options: Partial<RestServerOptions> = {}): Promise<RestFixture> {
  const predictor = new FakePredictor()
  const server = createRestServer({
    predictor,
    health: { live: () => true, ready: () => true },
    ...options,
  })
  const { port } = await server.listen()
  return {
    server,
    predictor,
    port,
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      predictor.release()
      await server.close({ deadlineMs: 0 })
    },
  }
}
