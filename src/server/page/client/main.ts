/** The page's script: photos come in by any way, go to the server, and their captions are shown. */
import { CaptionQueue } from "./caption_queue.ts";
import { Captions } from "./captions.ts";
import { element } from "./element.ts";
import { Grid } from "./grid/grid.ts";
import { type Incoming, identity, type LeftOut, picturesOf } from "./intake/gather.ts";
import { takeIn } from "./intake/intake.ts";
import { Language } from "./language/language.ts";
import { Notices } from "./notices.ts";
import { Photo } from "./photo.ts";
import { Problem } from "./problem.ts";
import { Settings } from "./settings.ts";
import { Single } from "./single.ts";

const main = element("main", HTMLElement);
const result = element("result", HTMLElement);
const gridSection = element("grid", HTMLElement);
const back = element("back", HTMLButtonElement);

const language = new Language();
const settings = new Settings(() => {
  if (single.photo) single.captionAgain();
  else if (grid.photos.length > 0) grid.note("fromNowOn");
});
const captions = new Captions(() => settings.query());
const notices = new Notices(
  language,
  () => continueWork(),
  (token) => {
    captions.token = token;
  },
  () => (single.photo ? single.focus() : grid.focus()),
);
const single = new Single({ captions, language, notices });
const queue = new CaptionQueue({
  ask: (photo, signal) => captions.ask(photo, signal),
  changed: (photo) => {
    grid.update(photo);
    if (queue.problem && !single.photo) notices.show(queue.problem);
  },
  sleep,
});
const grid: Grid = new Grid({
  language,
  queue,
  look: (photo) => showOne(photo),
  removed: () => {
    if (grid.photos.length === 0) start();
  },
});

/** Adds photos: a single photo is shown in detail, several as a grid. */
async function take(incoming: readonly Incoming[], leftOut: LeftOut[]): Promise<void> {
  const known = new Map(grid.photos.map((photo) => [photo.identity, photo]));
  const again = incoming.length === 1 && known.get(identity(incoming[0]!));
  if (again) {
    if (single.photo) await showOne(again);
    else grid.focus(again);
    return;
  }
  const pictures = await picturesOf(incoming, (id) => known.has(id), leftOut);
  const photos = pictures.map((picture) => new Photo(picture));
  if (incoming.length === 1 && leftOut.length === 1 && leftOut[0]!.reason === "notPicture") {
    notices.show(new Problem("image-unsupported", ""));
    return;
  }
  notices.showLeftOut(leftOut);
  if (photos.length === 0) return;
  grid.add(photos);
  if (photos.length === 1 && (single.photo || grid.photos.length === 1)) {
    await showOne(photos[0]!);
    return;
  }
  queue.add(photos);
  showAll();
}

/** Shows one photo in detail. */
async function showOne(photo: Photo): Promise<void> {
  leaveOne();
  queue.remove(photo);
  main.className = "one";
  result.hidden = false;
  const opened = gridSection.contains(document.activeElement) || document.activeElement === document.body;
  gridSection.hidden = true;
  const shown = single.show(photo);
  showBack();
  if (opened && grid.photos.length > 1) single.focus();
  await shown;
  grid.update(photo);
}

/** Shows all photos. */
function showAll(): void {
  const left = single.photo;
  leaveOne();
  main.className = "many";
  result.hidden = true;
  gridSection.hidden = false;
  back.hidden = true;
  grid.update();
  if (queue.problem) notices.show(queue.problem);
  grid.focus(left);
}

/** Shows the page as at the start. */
function start(): void {
  notices.clear();
  main.className = "empty";
  gridSection.hidden = true;
  element("pick", HTMLButtonElement).focus();
}

/** Leaves the photo that is shown in detail; if it has no caption yet, it goes back to the queue. */
function leaveOne(): void {
  const { photo } = single;
  const unanswered = single.leave();
  if (unanswered) queue.add([unanswered]);
  if (photo) grid.update(photo);
}

function showBack(): void {
  const count = grid.photos.length;
  back.hidden = count < 2 || single.photo === undefined;
  back.textContent = language.speech.count("backToAll", count);
}

/** Continues after an error; its box disappears together with the focused button. */
function continueWork(): void {
  notices.clear();
  if (single.photo) {
    single.focus();
    single.captionAgain();
  } else {
    grid.focus();
    queue.resume();
  }
}

/** Waits. */
function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

back.addEventListener("click", () => showAll());
language.onChange(() => showBack());
takeIn({
  take,
  tell: (message) => notices.show(message),
  empty: () => main.className === "empty",
});
addEventListener("beforeunload", (event) => {
  // Text that a person wrote would be lost.
  if (grid.photos.some(({ edited }) => edited !== undefined)) event.preventDefault();
});
