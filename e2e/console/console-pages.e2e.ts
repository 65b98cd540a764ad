import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RunningConsole, startConsole } from '../../apps/console/test/memory/start-console.ts'
import { launchBrowser } from '../support/browser.ts'

/** The console in a real browser over a control plane in memory: what no unit test sees and no whole platform can force. */
let browser: Browser
/** One for all tests: what the browser has fetched and compiled it need not fetch and compile again. */
let context: BrowserContext
let running: RunningConsole
let page: Page
let complaints: string[]

beforeAll(async () => {
  ;[browser, running] = await Promise.all([launchBrowser(), startConsole('full')])
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
})

afterAll(async () => {
  await browser?.close()
  await running?.stop()
})

beforeEach(async () => {
  page = await context.newPage()
  complaints = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
})

afterEach(async () => {
  // Nothing that one test wrote is there for the next.
  await page.evaluate(() => localStorage.clear())
  await page.close()
  await context.clearCookies()
})

async function open(path: string): Promise<void> {
  await page.goto(running.url + path)
  await page.getByText('Up to date').waitFor()
}

const decision = () => page.getByRole('region', { name: 'Your decision' })
const connectionOf = (each: Page) => each.locator('header output')
const button = (name: string | RegExp) => page.getByRole('button', { name })

/** Tests that change the story each begin with it anew. */
function freshStory(): void {
  beforeEach(() => running.begin('full'))
}

describe('deciding', () => {
  freshStory()

  test('an approval makes the candidate live on the page without a reload, and the way back appears', async () => {
    await open('/models/iris')
    await page.locator('body').evaluate((body) => body.setAttribute('data-same-page', 'yes'))
    await decision().getByLabel('Comment').fill('Flips look right')
    await button('Approve v2').click()
    await page.getByText('iris v2 is approved and goes live.').waitFor()
    await button('Roll back v2').waitFor()
    await page.getByRole('heading', { name: 'How it ended' }).waitFor()
    expect(await page.locator('[data-same-page]').count()).toBe(1)
    expect(await page.title()).toBe('(2) iris v2 · Understudy')
    await open('/audit')
    await page.getByText('“Flips look right”').first().waitFor()
    expect(complaints).toEqual([])
  })

  test('a rejection needs a reason and keeps the focus where it is missing', async () => {
    await open('/models/iris')
    await page.getByRole('tab', { name: 'Reject' }).click()
    await button('Reject v2').click()
    await page.getByText('Give a reason').waitFor()
    const field = page.getByLabel('Reason')
    expect(await field.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true)
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    await button('Wrong answers').click()
    await field.press('Control+Enter')
    await page.getByText('iris v2 is rejected.').waitFor()
    expect(await page.getByText('Wrong answers').count()).toBeGreaterThan(0)
  })

  test('what has no verdict cannot be approved, says why, and stays in reach of the keyboard', async () => {
    await open('/models/digits')
    const approve = button('Approve v3')
    expect(await approve.getAttribute('aria-disabled')).toBe('true')
    await approve.focus()
    await page.keyboard.press('Enter')
    const described = await approve.getAttribute('aria-describedby')
    expect(await page.locator(`[id="${described}"]`).textContent()).toContain('no verdict yet')
    expect(await page.getByText('goes live').count()).toBe(0)
  })

  test('a change under a half-written decision is shown, sends nothing, and keeps the text', async () => {
    await open('/models/iris')
    await decision().getByLabel('Comment').fill('Looks right to me')
    running.tell({ do: 'changePolicy', model: 'iris' })
    await decision().getByText('Something changed').waitFor()
    await decision().locator('del', { hasText: 'Needs approval' }).waitFor()
    expect(await button('Approve v2').getAttribute('aria-disabled')).toBe('true')
    // The evidence that was seen stays to be compared.
    expect(await page.getByText('v2 needs approval').count()).toBe(0)
    await page.getByRole('region', { name: 'Verdict' }).waitFor()
    await button('Show the page as it is now').click()
    await decision().getByText('no verdict yet').first().waitFor()
    expect(await decision().getByLabel('Comment').inputValue()).toBe('Looks right to me')
  })

  test('a decision on an old page is refused by the server: nothing was sent', async () => {
    await open('/models/iris')
    // The page misses the change: its stream and its questions are cut, its act goes through.
    await page.route(/api\/trpc\/(?!approve)/, (route) => route.abort())
    running.tell({ do: 'changePolicy', model: 'iris' })
    await button('Approve v2').click()
    await decision().getByText('Nothing was sent').waitFor()
    await page.unroute(/api\/trpc\/(?!approve)/)
    await button('Show the page as it is now').click()
    await decision().getByText('no verdict yet').first().waitFor()
  })

  test('a written text survives a reload', async () => {
    await open('/models/iris')
    await decision().getByLabel('Comment').fill('Half a thought')
    await page.reload()
    await expect.poll(() => decision().getByLabel('Comment').inputValue()).toBe('Half a thought')
  })
})

describe('going back', () => {
  freshStory()

  test('rolling back needs a reason, names both versions and the generation, and withdraws', async () => {
    await open('/models/churn')
    await button('Roll back v3').click()
    const dialog = page.getByRole('dialog', { name: 'Roll back churn to v2?' })
    await dialog.getByText('Seen: generation 7').waitFor()
    const confirm = dialog.getByRole('button', { name: 'Roll back to v2' })
    expect(await confirm.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true)
    await confirm.click()
    await dialog.getByText('Give a reason').waitFor()
    await dialog.getByRole('button', { name: 'Latency' }).click()
    await confirm.click()
    await page.getByText('churn v3 was taken off; v2 answers.').first().waitFor()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('Rolled back by local:amara: Latency').waitFor()
    await page.getByText('Held by local:amara').waitFor()
  })

  test('lifting starts on Cancel and closes by Escape with the focus given back', async () => {
    await open('/models/digits')
    const lift = button(/Lift the withdrawal of v2/)
    await lift.click()
    const dialog = page.getByRole('dialog', { name: 'Lift the withdrawal of digits v2?' })
    const cancel = dialog.getByRole('button', { name: /Cancel/ })
    expect(await cancel.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    expect(await lift.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true)
  })

  test('a page that is cut off cannot decide, but can roll back', async () => {
    await open('/models/iris')
    const other = await context.newPage()
    await other.goto(`${running.url}/models/churn`)
    await other.getByText('Up to date').waitFor()
    running.tell({ do: 'silence', silent: true })
    for (const each of [page, other])
      await connectionOf(each).filter({ hasText: 'Not connected' }).waitFor({ timeout: 30_000 })
    expect(await button('Approve v2').getAttribute('aria-disabled')).toBe('true')
    const rollBack = other.getByRole('button', { name: 'Roll back v3' })
    expect(await rollBack.getAttribute('aria-disabled')).toBeNull()
    running.tell({ do: 'silence', silent: false })
    for (const each of [page, other]) await each.getByText('Up to date').waitFor()
    await other.close()
  })
})

describe('an empty installation', () => {
  test('shows a model that is pushed by itself', async () => {
    await running.begin('empty')
    await page.goto(running.url)
    await page.getByRole('heading', { name: 'Push your first model' }).waitFor()
    await page.getByText('Up to date').waitFor()
    running.tell({ do: 'push', model: 'wine' })
    await page.getByRole('link', { name: 'wine' }).waitFor()
    await page.getByText('Nothing needs you.').waitFor()
  })
})

describe('looking', () => {
  beforeAll(() => running.begin('full'))

  test('what waits for a person comes first and leads to the evidence', async () => {
    await open('/')
    await page.getByRole('link', { name: 'Review evidence: iris' }).click()
    await page.getByRole('heading', { name: 'iris', level: 1 }).waitFor()
    expect(
      await page.getByRole('img', { name: /Errors: evidence 86× toward pass, which is at 20×/ }).count(),
    ).toBe(1)
  })

  test('which way rows went over a threshold is told with who is meant, and how sure it is that the ways differ', async () => {
    await open('/models/digits')
    const table = page.getByRole('region', { name: 'Over the threshold' }).getByRole('table')
    const texts = await table
      .getByRole('row')
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)))
    expect(texts[0]).toEqual(['Output', 'Up: only v3', 'Down: only v1', 'Neither', 'Differs'])
    expect(texts[1]).toEqual(['certainty ≥ 0.9', '11', '2', '201', expect.stringMatching(/^\d.*×$/)])
    await open('/models/iris')
    expect(await page.getByText('Rows over the threshold').count()).toBe(0)
  })

  test('text from Git cannot reorder what stands beside it', async () => {
    await open('/models/churn')
    await page.getByText('U+202E').waitFor()
    expect(await page.locator('main').textContent()).not.toContain('\u202e')
  })

  test('the log loads more below, filters by model, and keeps both in the address', async () => {
    await open('/audit')
    await page.getByText('50 of 126').waitFor()
    await button('Load 50 more').click()
    await page.getByText('100 of 126').waitFor()
    await page.getByLabel('Model').selectOption('churn')
    await page.waitForURL(/model=churn/)
    await page.locator('main').getByText('1 of 1', { exact: true }).waitFor()
    await button('Verify now').click()
    await page.getByText('Chain intact: 126 entries').waitFor()
  })

  test('what was live at a moment is answered for that moment', async () => {
    await open(`/audit?at=${encodeURIComponent(new Date(Date.now() - 4_000 * 60_000).toISOString())}`)
    const row = page.getByRole('row', { name: /digits.*on evidence/ })
    await row.getByText('v2').waitFor()
  })

  test('no page scrolls sideways from 320 to 1440 pixels', async () => {
    const wide: string[] = []
    for (const path of ['/', '/models/iris', '/models/digits', '/models/churn', '/audit']) {
      await open(path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      for (const width of [320, 390, 1280, 1440]) {
        await page.setViewportSize({ width, height: 900 })
        const over = await page.locator('html').evaluate(async (html) => {
          // What follows the width by script has had its turn.
          for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame)
          return html.scrollWidth - html.clientWidth
        })
        if (over > 0) wide.push(`${path} at ${width}: ${over} px`)
      }
    }
    expect(wide).toEqual([])
  })

  test('the whole decision and all gates stand above the fold at 1440 by 900', async () => {
    await open('/models/iris')
    const bottoms = await Promise.all(
      [button('Approve v2'), page.getByRole('img', { name: /^Disagreement/ })].map((each) =>
        each.boundingBox(),
      ),
    )
    for (const box of bottoms) expect((box?.y ?? 900) + (box?.height ?? 0)).toBeLessThan(900)
  })

  test('the theme follows the system until the person chooses', async () => {
    await page.emulateMedia({ colorScheme: 'dark' })
    await open('/')
    const theme = () => page.locator('html').getAttribute('data-theme')
    expect(await theme()).toBe('dark')
    await button('Theme').click()
    await page.getByRole('menuitemradio', { name: 'Light' }).click()
    await page.reload()
    await expect.poll(theme).toBe('light')
  })
})
