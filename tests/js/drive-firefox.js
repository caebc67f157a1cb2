/**
 * Drives a Firefox for the Python tests: each line of its input is `[name, ...arguments]` in JSON, each line of its
 * output `{value}` or `{error}`. It ends with its input.
 *
 *     node drive-firefox.js /usr/bin/firefox
 */
import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: process.argv[2],
  extraPrefsFirefox: {
    "media.navigator.permission.disabled": true, // gives out the microphone without asking
    "datareporting.policy.dataSubmissionEnabled": false,
  },
});
const page = await browser.newPage();
const lines = createInterface({ input: process.stdin });
const commands = {
  prepare: (script) => page.evaluateOnNewDocument(script),
  open: (url) => page.goto(url),
  evaluate: (expression) => page.evaluate(expression),
  // Waits until it is enabled, and moves no more.
  click: (selector) => page.locator(selector).click(),
  type: (selector, text) => page.type(selector, text),
};
for await (const line of lines) {
  const [name, ...args] = JSON.parse(line);
  let answer;
  try {
    const value = await commands[name](...args);
    answer = { value: name === "evaluate" ? (value ?? null) : null };
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
await browser.close();
