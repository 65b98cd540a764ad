import { readFileSync } from 'node:fs'

/**
 * Counts what a run of vitest says. A test that did not run is a failure, and so is a file that could not be loaded; a run
 * that failed without a failed test (an unhandled error, no test at all) counts as one failure more.
 *
 * @param {{ reportFile: string, code: number, project: string }} run
 * @returns {{ passed: number, failures: string[] }}
 */
export function readVitestReport({ reportFile, code, project }) {
  const report = parse(reportFile)
  if (report === undefined) return { passed: 0, failures: [`${project}: the tests did not run to their end`] }
  const failures = []
  let passed = 0
  for (const file of report.testResults) {
    const name = file.name.replace(`${process.cwd()}/`, '')
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed += 1
      else
        failures.push(
          `${name} > ${test.fullName}${test.status === 'failed' ? '' : ` (${test.status}: it did not run)`}`,
        )
    }
    if (file.status === 'failed' && file.assertionResults.every((test) => test.status === 'passed')) {
      failures.push(`${name}: ${firstLine(file.message) || 'the file failed'}`)
    }
  }
  if (code !== 0 && failures.length === 0) failures.push(`${project}: vitest ended with code ${code}`)
  return { passed, failures }
}

function parse(reportFile) {
  try {
    return JSON.parse(readFileSync(reportFile, 'utf8'))
  } catch {
    return undefined
  }
}

function firstLine(text) {
  return (text ?? '').trim().split('\n')[0]
}
