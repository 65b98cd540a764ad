import { copyFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { waitFor } from '@understudy/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { type PlatformAccess, PROJECT } from '../support/platform-access.ts'
import { sharedPlatform } from '../support/shared-platform.ts'

/** Data row 77: a versicolor that version 1 takes for a virginica and version 2 does not. */
const BORDERLINE = { instances: [[6.7, 3.0, 5.0, 1.7]] }
const PICTURES = path.join(PROJECT, 'test-results', 'console')

/** With `iris`, which no other file touches on the shared platform. */
describe('the tour in the console', () => {
  let platform: PlatformAccess
  let browser: Browser
  let page: Page
  const complaints: string[] = []

  beforeAll(async () => {
    await mkdir(PICTURES, { recursive: true })
    ;[platform, browser] = await Promise.all([sharedPlatform(), launchBrowser()])
    page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
  })

  afterAll(() => browser?.close())

  const button = (name: string) => page.getByRole('button', { name })
  const answers = async () => (await platform.predict('iris', BORDERLINE)).version

  async function picture(name: string): Promise<string> {
    const file = path.join(PICTURES, `${name}.png`)
    await page.screenshot({ path: file })
    return file
  }

  it('opens on a page that says what is live, and that there is no login', async () => {
    await page.goto(platform.consoleUrl)
    await page.getByText('Up to date').waitFor()
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    await page.getByRole('link', { name: 'iris' }).first().waitFor()
    await page.getByText('No login yet: loopback only').waitFor()
    await picture('overview')
  })

  it('shows a pushed version rehearsing and its evidence growing, without a reload', async () => {
    await page.goto(`${platform.consoleUrl}/models/iris`)
    await page.getByText('Up to date').waitFor()
    await page.evaluate(() => document.body.setAttribute('data-same-page', 'yes'))
    const clone = await platform.clone()
    const model = path.join(PROJECT, 'models-repo-template/next/iris/2/model.onnx')
    await platform.ok([
      'push',
      model,
      '--model',
      'iris',
      '--repo',
      clone.folder,
      '--message',
      'Quadratic discriminant, better on the border of versicolor',
    ])
    await page.getByText('Quadratic discriminant').first().waitFor()
    expect(await button('Approve v2').getAttribute('aria-disabled')).toBe('true')
    const passes = page.getByText('Pass: v2 is not worse than v1 by more than your margins').first()
    // A busy machine samples less of this than all, so traffic goes on until it is enough.
    await waitFor(
      'the page to say that v2 passes',
      async () => {
        await platform.ok(['predict', 'iris', '--golden', '--rate', '300', '--for', '4s'])
        return await passes.isVisible()
      },
      { timeoutMs: 60_000 },
    )
    expect(await page.locator('[data-same-page]').count()).toBe(1)
    expect(await answers()).toBe(1)
    const file = await picture('rollout')
    if (process.env.UNDERSTUDY_UPDATE_DOCS === '1')
      await copyFile(file, path.join(PROJECT, 'docs/images/rollout.png'))
  })

  it('lets a person approve, and clients get the new version', async () => {
    await page.getByLabel('Comment').fill('Three rows differ, two of them for the better')
    await button('Approve v2').click()
    await button('Roll back v2').waitFor()
    await platform.untilLive('iris', 2)
    await expect.poll(answers).toBe(2)
    expect(await page.locator('[data-same-page]').count()).toBe(1)
  })

  it('asks for a reason before it rolls back, and then the old version answers', async () => {
    await button('Roll back v2').click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Wrong answers' }).click()
    await picture('rollback')
    await dialog.getByRole('button', { name: 'Roll back to v1' }).click()
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(answers).toBe(1)
    await page.getByText('withdrawn').first().waitFor()
    const status = await platform.status('iris')
    expect(status).toMatchObject({ live: 1, drift: { reason: 'withdrawn' } })
    expect(status.versions.find((version) => version.number === 2)?.standing).toBe('withdrawn')
    await picture('after-rollback')
  })

  it('keeps who did what, and when, in the audit log', async () => {
    await page.goto(`${platform.consoleUrl}/audit`)
    await page.getByText('approved iris v2').first().waitFor()
    await page.getByText('rolled iris back from v2 to v1').first().waitFor()
    await page.getByText('Three rows differ, two of them for the better').first().waitFor()
    await picture('audit')
    expect(await platform.ok(['audit', 'verify'])).toContain('The audit log is whole')
  })

  it('refuses what another site or another name sends', async () => {
    const act = (headers: Record<string, string>) =>
      fetch(`${platform.consoleUrl}/api/trpc/retry`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ json: { model: 'iris' } }),
      })
    expect((await act({ origin: 'https://evil.example' })).status).toBe(403)
    expect((await act({})).status).toBe(403)
  })

  it('never complained in the browser', () => {
    expect(complaints).toEqual([])
  })
})
