// Opens the page as Jenkins serves it: what the console says, what was asked for, whether its style holds.
import { JENKINS, complaints, serve, start } from "./browser.mjs";

const server = await serve(process.argv[2], JENKINS);
const browser = await start();
const page = await browser.newPage();
const reported = complaints(page);
await page.goto(server.page);
const styled = await page.$eval("nav ul", (list) => getComputedStyle(list).display);
const findings = await page.$$eval(".findings > li", (all) => all.length);
console.log(JSON.stringify({ reported, asked: server.asked.toSorted(), styled, findings }));
await browser.close();
server.close();
