/** The script that a shop embeds: `window.kefuSDK.run({ websiteToken, baseUrl })`. */
export const version = "0.1.0";
