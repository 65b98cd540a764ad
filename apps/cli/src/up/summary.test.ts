import { describe, expect, it } from 'vitest'
import { summary } from './summary.ts'

const facts = {
  servingUrl: 'http://127.0.0.1:8501',
  needsKey: false,
  grpcPorts: [8500],
  consolePort: 3000,
  nodes: 1,
  modelsRepository: '/home/ada/under study/.understudy/models.git',
  repoUrl: 'file:///home/ada/.understudy/models.git',
  dataDir: '/home/ada/.understudy',
  answered: true,
}

describe('summary', () => {
  it('says where the console is, how to clone, and ends with a request that can be pasted', () => {
    const text = summary(facts)
    expect(text).toContain('http://127.0.0.1:3000')
    expect(text).toContain(`git clone '/home/ada/under study/.understudy/models.git' my-models`)
    expect(text).toContain(
      `curl -s http://127.0.0.1:8501/v1/models/iris:predict -d '{"instances": [[5.1, 3.5, 1.4, 0.2]]}'`,
    )
  })

  it('says how many nodes there are when there is more than one', () => {
    expect(summary({ ...facts, nodes: 3 })).toContain('Nodes     3, behind a balancer on 127.0.0.1:8501')
    expect(summary(facts)).not.toContain('Nodes')
  })

  it('says where REST and gRPC are answered, by each node, and whether over TLS', () => {
    expect(summary(facts)).toContain('REST      http://127.0.0.1:8501\n')
    expect(summary({ ...facts, servingUrl: 'https://127.0.0.1:8501' })).toContain(
      'gRPC      127.0.0.1:8500, over TLS\n',
    )
    expect(summary(facts)).toContain('gRPC      127.0.0.1:8500\n')
    expect(summary({ ...facts, nodes: 2, grpcPorts: [20_001, 20_003] })).toContain(
      'gRPC      127.0.0.1:20001, 127.0.0.1:20003\n',
    )
  })

  it('promises no request that was not answered', () => {
    const text = summary({ ...facts, answered: false })
    expect(text).not.toContain('curl')
    expect(text).toContain('understudy why iris')
  })

  it('says how to make an API key where one is needed', () => {
    const text = summary({ ...facts, needsKey: true, servingUrl: 'https://127.0.0.1:8501', answered: false })
    expect(text).toContain('understudy key create --name <name>')
    expect(text).toContain(
      'curl -sk -H "Authorization: Bearer <key>" https://127.0.0.1:8501/v1/models/iris:predict',
    )
  })

  it('names a repository of the user without its password', () => {
    const text = summary({
      ...facts,
      modelsRepository: undefined,
      repoUrl: 'https://ada:secret@host/m.git',
      answered: false,
    })
    expect(text).toContain('https://ada@host/m.git')
    expect(text).not.toContain('secret')
  })
})
