import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@fontsource-variable/ibm-plex-sans';
import '../../react/styles.css';
import '../styles/base.css';
import '../styles/bar.css';
import '../styles/panes.css';
import '../styles/entrance.css';
import '../styles/arena.css';
import '../styles/scorebug.css';
import '../styles/feed.css';
import { Arena } from './arena.tsx';
import { applyTheme, rememberedTheme } from './theme.ts';

applyTheme(rememberedTheme());
createRoot(document.getElementById('page') as HTMLElement).render(
  <StrictMode>
    <Arena />
  </StrictMode>,
);
