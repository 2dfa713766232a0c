/**
 * Pictures of a window as a list of frames, each with the time that it stands. A frame is the whole window, or a part of
 * it that is laid over the frame before.
 */
import fs from "node:fs";
import path from "node:path";

/** What moves by itself would make every recording another one. */
const STILL = "*, *::before, *::after { animation: none !important; transition: none !important; caret-color: transparent !important; }";

export class Recording {
  /**
   * @param {import("./window.mjs").Window} window
   * @param {string} folder  emptied; frames and `frames.json` are written there
   */
  static async start(window, folder) {
    const recording = new Recording();
    recording.page = window.page;
    recording.scale = window.scale;
    recording.folder = folder;
    recording.frames = [];
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    recording.devtools = await window.page.context().newCDPSession(window.page);
    // A session of its own does not know the scale that Playwright has set in its.
    await recording.devtools.send("Emulation.setDeviceMetricsOverride", {
      ...window.size,
      deviceScaleFactor: window.scale,
      mobile: false,
    });
    await window.page.addStyleTag({ content: STILL });
    return recording;
  }

  /**
   * Take a frame.
   *
   * @param {number} ms  how long it stands
   * @param {import("playwright-core").Locator} [part]  the element to take; the whole window without one
   */
  async frame(ms, part) {
    const box = part ? await part.boundingBox() : { x: 0, y: 0, ...this.page.viewportSize() };
    const clip = Object.fromEntries(Object.entries(box).map(([side, pixels]) => [side, Math.round(pixels)]));
    // The browser's own call: a frame between two keys has no time for what Playwright does around it.
    const { data } = await this.devtools.send("Page.captureScreenshot", {
      format: "png",
      optimizeForSpeed: true,
      clip: { ...clip, scale: 1 },
    });
    const file = `${String(this.frames.length).padStart(3, "0")}.png`;
    fs.writeFileSync(path.join(this.folder, file), data, "base64");
    this.frames.push({ file, ms: Math.round(ms), x: clip.x * this.scale, y: clip.y * this.scale });
  }

  /** Let the last frame stand for another time. */
  hold(ms) {
    this.frames.at(-1).ms = Math.round(ms);
  }

  /** Write the list of frames. */
  finish() {
    fs.writeFileSync(path.join(this.folder, "frames.json"), JSON.stringify(this.frames, null, 2));
  }
}
