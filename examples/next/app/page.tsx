"use client";

import { useState } from "react";

/** Sends the photo that is chosen to `/captions`, and shows the answer. */
export default function Page() {
  const [caption, setCaption] = useState("");
  const send = async (photo: File | undefined) => {
    if (photo === undefined) return;
    const response = await fetch("/captions", { method: "POST", body: photo });
    const { caption, message } = (await response.json()) as { caption?: string; message?: string };
    setCaption(caption ?? message ?? "");
  };
  return (
    <main>
      <h1>Captions, with Next.js</h1>
      <label>
        Photo <input type="file" accept="image/*" onChange={(event) => send(event.target.files?.[0])} />
      </label>
      <output>{caption}</output>
    </main>
  );
}
