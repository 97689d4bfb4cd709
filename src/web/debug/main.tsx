import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@fontsource-variable/ibm-plex-sans';
import '../../react/styles.css';
import '../styles/base.css';
import '../styles/bar.css';
import '../styles/panes.css';
import '../styles/tools.css';
import '../styles/debug.css';
import '../styles/frames.css';
import { applyTheme, rememberedTheme } from '../arena/theme.ts';
import { Debugger } from './debugger.tsx';

applyTheme(rememberedTheme());
createRoot(document.getElementById('page') as HTMLElement).render(
  <StrictMode>
    <Debugger />
  </StrictMode>,
);
