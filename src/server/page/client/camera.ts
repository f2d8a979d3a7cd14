import { element } from "./element.ts";
import type { TextName } from "./language/speech.ts";

/** The dialog for taking a photo. */
export class Camera {
  readonly #dialog = element("camera-dialog", HTMLDialogElement);
  readonly #video = element("video", HTMLVideoElement);
  #stream: MediaStream | undefined;

  /** @param onPhoto Called with each photo taken. */
  constructor(onPhoto: (photo: Blob) => void) {
    element("shoot", HTMLButtonElement).addEventListener("click", async () => {
      const photo = await this.#shoot();
      this.#dialog.close();
      if (photo) onPhoto(photo);
    });
    element("close-camera", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.#stop());
  }

  /**
   * Whether the browser lets this page use a camera: over plain HTTP, only the page of a server on the same machine
   * may.
   */
  static get available(): boolean {
    return navigator.mediaDevices?.getUserMedia !== undefined;
  }

  /**
   * Shows the dialog.
   *
   * @returns Name of the message that says why there is no camera to use.
   */
  async open(): Promise<TextName | undefined> {
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 960 } },
      });
    } catch (error) {
      const name = error instanceof DOMException ? error.name : "";
      if (name === "NotAllowedError") return "cameraRefused";
      return name === "NotFoundError" ? "cameraMissing" : "cameraBusy";
    }
    this.#video.srcObject = this.#stream;
    this.#dialog.showModal();
    return undefined;
  }

  async #shoot(): Promise<Blob | null> {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (width === 0 || height === 0) return null;
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext("2d")!.drawImage(this.#video, 0, 0);
    return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
  }

  #stop(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    this.#video.srcObject = null;
  }
}
