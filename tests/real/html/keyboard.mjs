// Goes through the page with Tab, under Jenkins' policy, and opens a fold with Enter.
import { JENKINS, fold, serve, start } from "./browser.mjs";

const server = await serve(process.argv[2], JENKINS);
const browser = await start();
const page = await browser.newPage();
await page.goto(server.page);
await fold(page, false);

// What is to be reached, in the order of the page, by its place among them.
const reachable = 'a[href], summary, [tabindex="0"]';
const all = await page.$$eval(reachable, (nodes) =>
  nodes.flatMap((node, at) => (node.checkVisibility() ? [`${at} ${node.tagName} ${node.textContent.trim().slice(0, 40)}`] : [])),
);
const focused = () =>
  page.evaluate((reachable) => {
    const node = document.activeElement;
    const at = [...document.querySelectorAll(reachable)].indexOf(node);
    // A ring, or for the link above the page itself.
    const seen = getComputedStyle(node).outlineStyle !== "none" && node.getBoundingClientRect().left >= 0;
    return { at, name: `${at} ${node.tagName} ${node.textContent.trim().slice(0, 40)}`, seen };
  }, reachable);
const reached = [];
const unseen = [];
for (;;) {
  await page.keyboard.press("Tab");
  const { at, name, seen } = await focused();
  if (at < 0 || reached.includes(name)) break;
  reached.push(name);
  if (!seen) unseen.push(name);
}

// The first fold, by Enter and by Space.
const first = page.locator("summary").first();
const open = () => page.$eval("details", (one) => one.open);
await first.focus();
const states = [await open()];
for (const key of ["Enter", "Space"]) {
  await page.keyboard.press(key);
  states.push(await open());
}
console.log(JSON.stringify({ all, reached, unseen, states }));
await browser.close();
server.close();
