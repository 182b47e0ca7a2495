// Prints the page, with everything folded, to a PDF.
import { JENKINS, fold, serve, start } from "./browser.mjs";

const [folder, to] = process.argv.slice(2);
const server = await serve(folder, JENKINS);
const browser = await start();
const page = await browser.newPage({ colorScheme: "dark" });
await page.goto(server.page);
await fold(page, false);
await page.pdf({ path: to, format: "A4", printBackground: true, margin: { top: "15mm", bottom: "15mm", left: "12mm", right: "12mm" } });
console.log(JSON.stringify({ folded: await page.$$eval("details", (all) => all.every((one) => !one.open)) }));
await browser.close();
server.close();
