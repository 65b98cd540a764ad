/**
 * Judges what a run of vitest reports. A test that did not run is a failure, and so is a file that could not be loaded; a run
 * that failed without a failed test (an unhandled error, no test at all) counts as one failure, and so does one without a report.
 *
 * @param {object | undefined} report vitest's JSON report
 * @param {{ code: number, project: string, root: string }} run
 * @returns {{ passed: number, failures: string[] }}
 */
export function assessReport(report, { code, project, root }) {
  if (report === undefined) return { passed: 0, failures: [`${project}: the tests did not run to their end`] }
  const failures = []
  let passed = 0
  for (const file of report.testResults) {
    const name = file.name.replace(`${root}/`, '')
    const failed = file.assertionResults.filter((test) => test.status !== 'passed')
    passed += file.assertionResults.length - failed.length
    for (const test of failed) failures.push(`${name} > ${test.fullName}${didNotRun(test.status)}`)
    if (file.status === 'failed' && failed.length === 0) failures.push(`${name}: ${firstLine(file.message)}`)
  }
  if (code !== 0 && failures.length === 0) failures.push(`${project}: vitest ended with code ${code}`)
  return { passed, failures }
}

function didNotRun(status) {
  return status === 'failed' ? '' : ` (${status}: it did not run)`
}

function firstLine(text) {
  return (text ?? '').trim().split('\n')[0] || 'the file failed'
}
